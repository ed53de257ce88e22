"""Commands, and what people do with them: interactions and the bot's answers to them.

From the ground up: `problems` and the validators (what Discord refuses in a command), `registry`
(what is registered), `options` and `modal_fields` (what a person filled in), `payloads` (what the
bot is told), `creating` (a person acts), `tokens`, `callbacks` and `followups` (the bot answers),
`records` (how whoever plays the people sees it) and `routes`.
"""
