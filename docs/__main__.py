"""Write again the pages that are made from the code: ``make docs``."""

from . import commands, conformance, images, notebook, settings

for page in (commands, conformance, images, notebook, settings):
    page.write()
    print(page.PAGE)
