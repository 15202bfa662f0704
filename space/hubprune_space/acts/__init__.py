"""What happens on a click, screen by screen. A visitor's token comes with each request anew.

    choose.py    search, plan
    prune.py     begin a run, show it for as long as the page is open, cancel
    look.py      let both write, publish, start over
    screens.py   which of the three screens stands there, and with what on it

Handlers return {component: value}.
"""
