"""The way back: what a run did, what became of it, and what should be so that it is taken back.

`images` is what a run made of each key, `aftermath` what became of that, `aiming` what should be
instead. `scope` keeps to the keys that are meant; `losses` says what does not come back, and
`still_says` whether the catalogue would do it all again.
"""
