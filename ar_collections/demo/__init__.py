from . import story, story_credit, story_desk
from . import story_deadlines
