"""Write again the pages that are made from the code: ``make docs``."""

from . import images

for page in (images,):
    page.write()
    print(page.PAGE)
