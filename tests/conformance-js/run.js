// Runs the suite: makes a certificate authority that lives as long as the run, then hands over to Node's test runner.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'yanshu-conformance-run-'));
const file = (name) => join(folder, name);

// The names that the old SDKs insist on, the lines' own names, and the address the others are given.
writeFileSync(file('extensions'), 'subjectAltName=DNS:*.leancloud.cn,IP:127.0.0.1\nbasicConstraints=critical,CA:TRUE\n');
writeFileSync(file('request'), '[req]\ndistinguished_name=name\nprompt=no\n[name]\nCN=yanshu conformance suite\n');
const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('key.pem'));
openssl('req', '-new', '-key', file('key.pem'), '-config', file('request'), '-out', file('request.csr'));
openssl('x509', '-req', '-in', file('request.csr'), '-signkey', file('key.pem'), '-days', '2', '-extfile', file('extensions'), '-out', file('cert.pem'));

const asked = process.argv.slice(2);
const all = readdirSync(join(here, 'tests')).filter((name) => name.endsWith('.test.js')).map((name) => join('tests', name));
const tests = asked.some((arg) => !arg.startsWith('-')) ? [] : all;
const runner = spawn(process.execPath, ['--test', '--test-force-exit', '--test-concurrency=2', ...asked, ...tests], {
  cwd: here,
  stdio: 'inherit',
  env: { ...process.env, NODE_EXTRA_CA_CERTS: file('cert.pem'), CONFORMANCE_CERT: file('cert.pem'), CONFORMANCE_KEY: file('key.pem') },
});
runner.on('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
