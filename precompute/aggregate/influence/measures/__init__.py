"""The measures of influence, one file each: a module here exports `MEASURE`, and `registry` finds it."""
