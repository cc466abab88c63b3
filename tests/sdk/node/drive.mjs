// The official Node SDK, unchanged, through one scenario; prints what it saw as JSON.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 0 });
const runs = client.beta.threads.runs;
const tools = [{ type: 'function', function: { name: 'get_weather', parameters: {} } }];
const poll = { pollIntervalMs: 20 };

async function begin() {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o', tools });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
  return [assistant.id, thread.id];
}

function outputs(run) {
  return run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: call.function.arguments,
  }));
}

async function watched(stream) {
  const events = [];
  let text = '';
  stream.on('event', (event) => events.push(event.event));
  stream.on('textDelta', (delta) => (text += delta.value ?? ''));
  const run = await stream.finalRun();
  return { events, text, run };
}

const scenarios = {
  async polling() {
    const [assistant_id, thread_id] = await begin();
    let run = await runs.createAndPoll(thread_id, { assistant_id }, poll);
    const waited = run.status;
    run = await runs.submitToolOutputsAndPoll(
      run.id, { thread_id, tool_outputs: outputs(run) }, poll);
    return { waited, status: run.status };
  },
  async text() {
    const [assistant_id, thread_id] = await begin();
    const stream = runs.stream(thread_id, { assistant_id });
    const seen = await watched(stream);
    const [message] = await stream.finalMessages();
    const [step] = await stream.finalRunSteps();
    return {
      ...seen,
      message,
      step,
      keptRun: await runs.retrieve(seen.run.id, { thread_id }),
      keptMessage: await client.beta.threads.messages.retrieve(message.id, { thread_id }),
      keptStep: await runs.steps.retrieve(step.id, { thread_id, run_id: seen.run.id }),
    };
  },
  async create_and_run() {
    const [assistant_id] = await begin();
    const thread = { messages: [{ role: 'user', content: 'Hi' }] };
    return watched(client.beta.threads.createAndRunStream({ assistant_id, thread }));
  },
  async tools() {
    const [assistant_id, thread_id] = await begin();
    const first = await watched(runs.stream(thread_id, { assistant_id }));
    const tool_outputs = outputs(first.run);
    const second = await watched(
      runs.submitToolOutputsStream(first.run.id, { thread_id, tool_outputs }));
    return { first, second };
  },
  async ends() {
    const [assistant_id, thread_id] = await begin();
    const stream = runs.stream(thread_id, { assistant_id });
    if (process.env.CANCEL) {
      stream.on('textDelta', () => runs.cancel(stream.currentRun().id, { thread_id }));
    }
    return watched(stream);
  },
};

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
