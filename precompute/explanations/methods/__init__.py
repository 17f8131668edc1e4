"""The methods of explanation, one file for each or for a family: a module here exports `METHODS`, a tuple."""
