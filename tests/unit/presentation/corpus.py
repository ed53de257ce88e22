"""Prompts with everything that Discord would act on."""

CORPUS = [
    "@everyone look",
    "<@&12345678901234567> <@12345678901234567> <#12345678901234567>",
    "[click](http://evil.example)",
    "```\ncode\n``` `x` **b** __u__ ||spoiler|| ~~s~~",
    "# heading\n> quote\n-# small",
    "a\u202egnp.exe\u2066b\u200b\u2060\ufeff",
    "\\](\\",
    "</command:12345678901234567> <t:0:R> <:e:12345678901234567>",
]
