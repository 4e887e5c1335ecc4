"""The networks that paper A compares with (Table 4), built from their papers, at scale 1."""
