"""Everything that a history stores: the input and the state of workflows, the messages they
receive, and the requests and results of activities. These types change only by addition."""
