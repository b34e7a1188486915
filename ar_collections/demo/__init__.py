from . import story, story_credit, story_desk, story_worklist
