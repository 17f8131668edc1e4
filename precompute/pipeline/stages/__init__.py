"""The stages of a run, a file each; every module with a `STAGE` is one."""
