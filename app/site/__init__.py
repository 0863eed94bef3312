"""The recogniser in the browser: what the page's scripts must know of the Python that they mirror."""
