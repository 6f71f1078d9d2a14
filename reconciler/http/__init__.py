"""What goes for every server that is asked over HTTP: how long it may take, and what must not be
said of it afterwards. Whom to ask for what, the rooms above know."""
