"""DynamoDB: the definitions, one module per table, and every condition.

A transaction lives with the table whose status it changes; other modules give it their actions.
"""
