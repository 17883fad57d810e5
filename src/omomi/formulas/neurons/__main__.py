"""Draw this chapter: python -m omomi.formulas.neurons"""

from ...cli import chapter

chapter.draw("neuron")
