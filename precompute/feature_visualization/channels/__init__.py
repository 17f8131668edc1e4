"""Pictures of channels: the choice of channels, the time limit, and the stage and command that draw them."""
