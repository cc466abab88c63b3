"""Do the tests notice a broken guard? Every guard of the run's core is broken once, see `hunt`."""
