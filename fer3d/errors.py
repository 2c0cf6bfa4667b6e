"""Errors that a person, not a programmer, is meant to read."""


class UserError(Exception):
    """Something the user can put right; the message says in one line what is wrong and what to do.

    Stages and the command line print the message alone, without a traceback.
    """
