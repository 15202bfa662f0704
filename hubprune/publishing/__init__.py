"""A report, made ready for others: tables, one plain sentence, the model card, plots and the folder they lie in.

    report, recipe -> tables, verdict                     rows and words, for the terminal, the card and a page
                   -> facts -> card.md.jinja -> card      README.md
                   -> plots                               PNG files, light and dark
                   -> folder                              all small files of the output

Everything here is a function of plain data: no torch, no network, no knowledge of how pruning works.
"""
