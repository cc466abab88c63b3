// The official Node SDK, unchanged, through one scenario; prints what it saw as JSON.
import OpenAI, { AzureOpenAI } from 'openai';

const given = { apiKey: process.env.API_KEY, maxRetries: 0 };
const { BASE_URL, AZURE_VERSION } = process.env;
const client = AZURE_VERSION
  ? new AzureOpenAI({ endpoint: BASE_URL, apiVersion: AZURE_VERSION, ...given })
  : new OpenAI({ baseURL: BASE_URL, ...given });
const threads = client.beta.threads;
const runs = threads.runs;
const tools = [{ type: 'function', function: { name: 'get_weather', parameters: {} } }];
const messages = [{ role: 'user', content: 'Weather?' }];
const poll = { pollIntervalMs: 20 };

async function begin() {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o', tools });
  const thread = await threads.create({ messages });
  return [assistant.id, thread.id];
}

function outputs(run) {
  const calls = run.required_action.submit_tool_outputs.tool_calls;
  const tool_outputs = calls.map((call) => ({ tool_call_id: call.id, output: call.function.arguments }));
  return { thread_id: run.thread_id, tool_outputs };
}

// Ways to begin a stream
const ways = {
  async stream() {
    const [assistant_id, thread_id] = await begin();
    return runs.stream(thread_id, { assistant_id });
  },
  async createAndRunStream() {
    const [assistant_id] = await begin();
    return threads.createAndRunStream({ assistant_id, thread: { messages } });
  },
  async submitToolOutputsStream() {
    const [assistant_id, thread_id] = await begin();
    const run = await runs.createAndPoll(thread_id, { assistant_id }, poll);
    return runs.submitToolOutputsStream(run.id, outputs(run));
  },
};

// What a stream told, what the SDK made of it, and what REST returns then
async function watched(stream) {
  const events = [];
  let text = '';
  stream.on('event', (event) => events.push(event.event));
  stream.on('textDelta', (delta) => {
    if (!text && process.env.CANCEL) {
      const run = stream.currentRun();
      runs.cancel(run.id, { thread_id: run.thread_id });
    }
    text += delta.value ?? '';
  });
  const run = await stream.finalRun();
  const { id: run_id, thread_id } = run;
  const kept = { run: await runs.retrieve(run_id, { thread_id }), messages: [], steps: [] };
  const seen = { run, messages: await stream.finalMessages(), steps: await stream.finalRunSteps() };
  for (const { id } of seen.messages) kept.messages.push(await threads.messages.retrieve(id, { thread_id }));
  for (const { id } of seen.steps) kept.steps.push(await runs.steps.retrieve(id, { thread_id, run_id }));
  return { events, text, seen, kept };
}

const scenarios = {
  async polling() {
    const [assistant_id, thread_id] = await begin();
    let run = await runs.createAndPoll(thread_id, { assistant_id }, poll);
    const rounds = [];
    while (run.status === 'requires_action') {
      const given = outputs(run);
      rounds.push(given.tool_outputs.length);
      run = await runs.submitToolOutputsAndPoll(run.id, given, poll);
    }
    return { rounds, status: run.status };
  },
  async streams() {
    const told = {};
    for (const way in ways) told[way] = await watched(await ways[way]());
    return told;
  },
  async error() {
    const told = {};
    for (const way of ['stream', 'createAndRunStream'])
      told[way] = await watched(await ways[way]()).catch((error) => `${error.constructor.name}: ${error.message}`);
    return told;
  },
  async rounds() {
    const told = [await watched(await ways.stream())];
    for (let { run } = told[0].seen; run.status === 'requires_action'; { run } = told.at(-1).seen)
      told.push(await watched(runs.submitToolOutputsStream(run.id, outputs(run))));
    return told;
  },
};

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
