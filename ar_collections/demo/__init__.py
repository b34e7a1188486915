from . import story, story_credit, story_desk
from . import story_agreed
from . import story_deadlines
from . import story_worklist
from . import story_providers
from . import story_insurance
