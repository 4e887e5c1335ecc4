"""File formats as containers: what they say beside the pixels, and how to put it back.

Codecs (libvips) handle pixels alone. Metadata is read from and inserted into the container here, as
bytes, because encoders rewrite EXIF and lose makers' notes.
"""
