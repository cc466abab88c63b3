"""How a run is executed: claim, model turns, and the transactions that write what came of them."""
