"""`threadkeep serve`: the functions of the stack on one machine.

`http` takes the requests, `aws` stands in for the services that the functions call and that call
them. Here are the program around both and its state folder.
"""
