"""Images optimised to excite channels."""
