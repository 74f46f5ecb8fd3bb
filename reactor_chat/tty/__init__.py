"""A line editor for a terminal, shared by the client and the server's console.

From bytes to the screen: `keys` makes key strokes of bytes, `editor` makes `effects` of key strokes
(it holds the `draft` and the `history`, asks for a `completion`, and gives way to a `search`, to
`pasted` lines, or to a `secret`), `viewport` chooses what of the draft fits on a row, counting
`columns`, and `terminal` holds what is on the screen, `device` the modes. `style` says how a line
of the chat looks, with its `mentions` and `links`, and `folding` how a long one stands on several
rows. `history_file` keeps what was typed for the next run.

Nothing in here waits, knows a socket, or prints anything by itself; `history_file` alone knows a
file.
"""
