"""Values become text. Live text is shown in full and never obeyed: see `safe`."""
