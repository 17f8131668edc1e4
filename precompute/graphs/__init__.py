"""Attribution graphs: personalized PageRank and selection, pure functions of two tables."""
