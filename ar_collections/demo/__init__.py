from . import story, story_credit
