"""Write again the pages that are made from the code: ``make docs``."""

from . import commands, images, notebook, settings

for page in (commands, images, notebook, settings):
    page.write()
    print(page.PAGE)
