"""One sync run: lease → read → compare → apply. Called by services only."""
