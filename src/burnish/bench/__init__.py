"""Measurements: quality against targets, speed against ceilings. Rows in, tables out."""
