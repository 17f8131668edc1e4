"""The commands of the command line, a file each: options, the function that they start, and its report.

Heavy libraries are imported inside the functions, so that the command line starts at once.
"""
