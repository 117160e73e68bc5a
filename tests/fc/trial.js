// The gateway, alone and with nothing but settings, logs people in at a provider that we did not
// write.
//
//   node trial.js PROGRAM
//
// One line a step, and "N passed, N failed".

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Browser } from './browser.js';
import { start } from './provider.js';

const hex = () => randomBytes(32).toString('hex');
const score = { passed: 0, failed: 0 };

async function step(name, work) {
  try {
    await work();
    score.passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    score.failed += 1;
    console.log(`FAIL  ${name}: ${error.stack}`);
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** `serve` with a file of settings; answers once it is ready. */
async function gateway(program, home, port, settings) {
  const folder = await mkdtemp(join(home, 'gateway-'));
  const path = (name) => join(folder, name);
  await writeFile(path('records.key'), randomBytes(32), { mode: 0o600 });
  const sections = {
    server: { listen: [`127.0.0.1:${port}`, `[::1]:${port}`], base_url: `http://localhost:${port}` },
    records: { url: `sqlite:${path('passerelle.db')}` },
    outbound: { allow: ['localhost'] },
    log: { level: 'error' },
    franceconnect: settings,
  };
  const lines = Object.entries(sections).flatMap(([section, keys]) => [
    `[${section}]`,
    ...Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
  ]);
  await writeFile(path('gateway.toml'), lines.join('\n'));
  const child = spawn(program, ['serve', '--config', path('gateway.toml')], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const base = `http://localhost:${port}`;
  let is_over = false;
  ended.then(() => { is_over = true; });
  for (;;) {
    const answer = await fetch(`${base}/health/ready`).catch(() => null);
    if (answer?.ok) break;
    assert.ok(!is_over, 'the gateway did not start');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { base, stop: () => { child.kill('SIGTERM'); return ended; } };
}

/** To FranceConnect's question, and its answer. */
async function identify(browser, base, answer) {
  const question = await browser.get(`${base}/portail/franceconnect`);
  assert.match(question.url.pathname, /^\/api\/v2\/interaction\//, question.text);
  return browser.post(question.url, answer);
}

function shows(page, expected) {
  assert.equal(page.url.pathname, '/portail/preenregistrement', page.text);
  for (const [id, text] of Object.entries(expected)) assert.equal(page.element(id), text, id);
}

function saysNo(page, status, title) {
  assert.equal(page.status, status, page.text);
  assert.equal(page.attribute('erreur', 'data-code'), 'franceconnect');
  assert.equal(page.heading(), title);
  assert.equal(page.attribute('recommencer', 'href'), '/portail/franceconnect');
}

/** What must work with each algorithm that FranceConnect signs with. */
async function journey(alg, base, fc) {
  const told = (text) => `${alg}: ${text}`;
  await step(told('the entrance offers FranceConnect'), async () => {
    const page = await new Browser().get(`${base}/portail`);
    assert.equal(page.element('franceconnect'), "S'identifier avec FranceConnect");
  });
  const browser = new Browser();
  await step(told('three first names'), async () => {
    const page = await identify(browser, base, { identifiant: 'trois-prenoms' });
    shows(page, {
      'nom-naissance': 'VERTAMONT', prenoms: 'Ondine, Marthe, Solveig', sexe: 'Féminin',
      'date-naissance': '24/08/1962', 'nom-usage': null, courriel: 'trois-prenoms@courriel.example',
    });
  });
  await step(told('the log-out comes back, and FranceConnect has forgotten too'), async () => {
    const page = await browser.get(`${base}/portail/preenregistrement`);
    const { action, fields } = page.form();
    const farewell = await browser.post(action, fields);
    assert.equal(farewell.url.pathname, '/api/v2/session/end', farewell.text);
    const form = farewell.form();
    const back = await browser.post(form.action, { ...form.fields, logout: 'yes' });
    assert.equal(back.url.pathname, '/portail/franceconnect/sortie');
    assert.ok(back.element('deconnecte-la-bas'), back.text);
    assert.equal((await browser.get(`${base}/portail/preenregistrement`)).status, 403);
    const question = await browser.get(`${base}/portail/franceconnect`);
    assert.match(question.url.pathname, /interaction/, 'somebody is still logged in there');
  });
  await step(told('a first name with a space, an apostrophe, a usage name, Corsica'), async () => {
    const page = await identify(new Browser(), base, { identifiant: 'prenom-avec-espace' });
    shows(page, {
      'nom-naissance': "D'AUBIGNÉ-L'HÉRITIER", 'nom-usage': 'CASTELNOU',
      prenoms: 'Jean Philippe, Aurèle', sexe: 'Masculin',
    });
  });
  await step(told('born abroad, day and month presumed'), async () => {
    const page = await identify(new Browser(), base, { identifiant: 'nee-a-l-etranger' });
    assert.match(page.element('date-naissance'), /^01\/01\/1992 \(date présumée/);
    assert.match(page.element('lieu-naissance'), /à l'étranger/);
  });
  await step(told('a gender that is not told, a presumed day'), async () => {
    const page = await identify(new Browser(), base, { identifiant: 'genre-indefini' });
    shows(page, { sexe: 'Non précisé', 'nom-naissance': 'TROIS-DUPRÉ' });
    assert.match(page.element('date-presumee'), /le jour n'est pas connu/);
  });
  await step(told('somebody changes their mind'), async () => {
    const page = await identify(new Browser(), base, { revenir: '1' });
    saysNo(page, 403, 'Identification interrompue');
    assert.match(page.element('assistance'), /access_denied/);
  });
  await step(told('a return is good once'), async () => {
    const twice = new Browser();
    const question = await twice.get(`${base}/portail/franceconnect`);
    const answer = { identifiant: 'trois-prenoms' };
    const held = await twice.follow('POST', question.url, answer, /\/franceconnect\/retour/);
    assert.equal((await twice.get(held.location)).url.pathname, '/portail/preenregistrement');
    saysNo(await twice.get(held.location), 400, "Cette identification n'est plus en cours");
    const stranger = await new Browser().get(held.location);
    saysNo(stranger, 400, "Cette identification n'est plus en cours");
  });
  await step(told('keys that rotated are read again'), async () => {
    fc.rotate();
    const page = await identify(new Browser(), base, { identifiant: 'trois-prenoms' });
    shows(page, { 'nom-naissance': 'VERTAMONT' });
  });
}

async function play(program, home) {
  const [there, ...ports] = await Promise.all([1, 2, 3, 4, 5].map(freePort));
  const registration = (port, more) => ({
    client_id: hex(), client_secret: hex(),
    redirect_uris: [`http://localhost:${port}/portail/franceconnect/retour`],
    post_logout_redirect_uris: [`http://localhost:${port}/portail/franceconnect/sortie`],
    response_types: ['code'], grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_post', subject_type: 'pairwise',
    require_auth_time: true, ...more,
  });
  const signed = (alg) => ({ id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg });
  const clients = [
    registration(ports[0], signed('ES256')),
    registration(ports[1], signed('RS256')),
    registration(ports[2], { id_token_signed_response_alg: 'ES256' }),
    registration(ports[3], signed('ES256')),
  ];
  const fc = await start(there, clients);
  const settings = ({ client_id, client_secret }, alg) => ({
    issuer: fc.issuer, client_id, client_secret, id_token_signed_response_alg: alg,
  });
  for (const [index, alg] of ['ES256', 'RS256'].entries()) {
    const house = await gateway(program, home, ports[index], settings(clients[index], alg));
    await journey(alg, house.base, fc);
    await step(`${alg}: stops gracefully`, async () => assert.equal(await house.stop(), 0));
  }
  await step('plain userinfo is refused, unless configured', async () => {
    const plain = settings(clients[2], 'ES256');
    const strict = await gateway(program, home, ports[2], plain);
    const page = await identify(new Browser(), strict.base, { identifiant: 'trois-prenoms' });
    saysNo(page, 502, 'FranceConnect a rencontré une erreur');
    await strict.stop();
    const lenient = await gateway(program, home, ports[2], { ...plain, userinfo: 'json' });
    const shown = await identify(new Browser(), lenient.base, { identifiant: 'trois-prenoms' });
    shows(shown, { 'nom-naissance': 'VERTAMONT' });
    await lenient.stop();
  });
  await step('another algorithm than the configured one is refused', async () => {
    const house = await gateway(program, home, ports[3], settings(clients[3], 'RS256'));
    const page = await identify(new Browser(), house.base, { identifiant: 'trois-prenoms' });
    saysNo(page, 502, 'Identité non vérifiée');
    await house.stop();
  });
  await step('a wrong secret is told as what it is', async () => {
    const wrong = { ...settings(clients[3], 'ES256'), client_secret: hex() };
    const house = await gateway(program, home, ports[3], wrong);
    const page = await identify(new Browser(), house.base, { identifiant: 'trois-prenoms' });
    saysNo(page, 502, 'FranceConnect a refusé notre demande');
    assert.match(page.element('assistance'), /invalid_client/);
    await house.stop();
  });
  fc.stop();
}

const home = await mkdtemp(join(tmpdir(), 'passerelle-fc-'));
try {
  await play(process.argv[2], home);
} finally {
  await rm(home, { recursive: true, force: true });
}
console.log(`${score.passed} passed, ${score.failed} failed`);
process.exit(score.failed === 0 && score.passed > 0 ? 0 : 1);
