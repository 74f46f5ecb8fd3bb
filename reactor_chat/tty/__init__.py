"""A line editor for a terminal, shared by the client and the server's console.

From bytes to the screen: `keys` makes key strokes of bytes, `editor` makes effects of key strokes
(it holds the `draft` and the `history`, and asks for a `completion`), `viewport` chooses what of
the draft fits on a row, counting `columns`, and `terminal` holds the real thing: its modes, and
what is on it. `style` says how a line of the chat looks, and `folding` how a long one stands on
several rows.

Nothing in here waits, knows a socket, or prints anything by itself.
"""
