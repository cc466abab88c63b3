"""The emulator: API Gateway, Lambda, DynamoDB and Step Functions, as far as we use them."""
