// Publishes one CloudEvent in every way that Ensue reads: over HTTP (structured, binary, batch) with the official
// CloudEvents SDK, and straight to Kafka (binary, structured) with kafkajs.
//
//   node publish.mjs [path to .ensue/dev.json] [event type]
//
// Prints one JSON line for each event: how it was sent, its id and what was answered. Exit code 1 if one was refused.

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CloudEvent, HTTP, Kafka as KafkaBinding } from "cloudevents";
import { Kafka, Partitioners, logLevel } from "kafkajs";

const devFile = process.argv[2] ?? findUpward(join(".ensue", "dev.json"));
const type = process.argv[3] ?? "variant.scored";
const dev = JSON.parse(readFileSync(devFile, "utf8"));

function findUpward(name, from = process.cwd()) {
  const here = join(from, name);
  if (existsSync(here)) return here;
  if (dirname(from) === from) {
    console.error("no .ensue/dev.json here or above: start a stack with `ensue dev up --detach`, or give the path");
    process.exit(2);
  }
  return findUpward(name, resolve(from, ".."));
}

function event(mode) {
  return new CloudEvent({
    id: randomUUID(),
    source: "urn:example:node-producer",
    type,
    subject: `variant-${mode}`,
    datacontenttype: "application/json",
    data: { variant_id: `variant-${mode}`, score: 0.93, mode },
  });
}

async function overHttp(mode, headers, body, ids) {
  const answer = await fetch(`${dev.api_url}/api/v1/events`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${dev.api_key}` },
    body,
  });
  report(mode, ids, { status: answer.status, body: await answer.json() });
  if (answer.status !== 202) process.exitCode = 1;
}

function report(mode, ids, answer) {
  console.log(JSON.stringify({ mode, ids, answer }));
}

async function httpStructured() {
  const sent = event("http-structured");
  const message = HTTP.structured(sent);
  await overHttp("http-structured", message.headers, message.body, [sent.id]);
}

async function httpBinary() {
  const sent = event("http-binary");
  const message = HTTP.binary(sent);
  await overHttp("http-binary", message.headers, message.body, [sent.id]);
}

async function httpBatch() {
  const sent = [event("http-batch-1"), event("http-batch-2")];
  const body = JSON.stringify(sent.map((each) => each.toJSON()));
  await overHttp("http-batch", { "content-type": "application/cloudevents-batch+json" }, body, sent.map((e) => e.id));
}

// The SDK lists attributes that the event does not have; kafkajs takes only headers that have a value.
function given(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

async function straightToKafka() {
  const kafka = new Kafka({ clientId: "node-producer", brokers: dev.kafka_bootstrap.split(","), logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (const [mode, bind] of [["kafka-binary", KafkaBinding.binary], ["kafka-structured", KafkaBinding.structured]]) {
    const sent = event(mode);
    const message = bind(sent);
    const value = typeof message.value === "string" ? message.value : JSON.stringify(message.value);
    const [placed] = await producer.send({
      topic: "ensue.events",
      acks: -1,
      messages: [{ key: `default/${sent.subject}`, value, headers: given(message.headers) }],
    });
    report(mode, [sent.id], { partition: placed.partition, offset: placed.baseOffset });
  }
  await producer.disconnect();
}

await httpStructured();
await httpBinary();
await httpBatch();
await straightToKafka();
