"""How sohoa speaks on a terminal: answers, progress, questions, errors in one line.

@verb(app, "find")
def find(screen: Screen, owner: str) -> Answer:
    '''Papers held for an owner.'''
    return Answer(data=[...], text="...")
"""

from terminal.answers import BARE, Answer, Verbs, run_app, verb
from terminal.progress import Screen

__all__ = ["BARE", "Answer", "Screen", "Verbs", "run_app", "verb"]
