"""A blind user study: pictures of several methods, scored from 1 to 5 in a browser."""
