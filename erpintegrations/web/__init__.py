"""The pages: thin views that load and authorise, make one call inwards, and answer."""
