"""A personal look, learned from a photographer's own pairs of photos before and after."""
