import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { klavzeMetrics } from '../../tools/docs/metrics.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

const root = join(import.meta.dirname, '..', '..');
const file = 'deploy/prometheus/alerts.yml';
const { groups } = parse(readFileSync(join(root, file), 'utf8')) as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) console.warn(`skipped: promtool on ${file} (install the package prometheus)`);

describe(file, () => {
  it.each([
    ['check', 'config', 'deploy/prometheus/prometheus.yml'],
    ['check', 'rules', file],
    ['test', 'rules', 'deploy/prometheus/alerts.test.yml'],
  ])('passes promtool %s %s', (...words) => {
    if (!hasPromtool) return;
    const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: root, encoding: 'utf8' });
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  });

  it.each(rules)('$alert asks for figures that exist, and is explained in both languages', ({ alert, expr, annotations }) => {
    const names = klavzeMetrics().flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`] : [name]));
    const asked = [...expr.matchAll(/klavze_\w+/g)].map(([name]) => name);
    expect(asked.filter((name) => !names.includes(name))).toEqual([]);
    expect(annotations.runbook_url).toBe(`docs/operate.md#${alert.toLowerCase()}`);
    for (const page of ['docs/operate.md', 'docs/operate.sl.md']) {
      expect(readFileSync(join(root, page), 'utf8')).toContain(`\n### ${alert}\n`);
    }
  });

  it('the dashboard of the line asks for figures that exist', () => {
    const asked = readFileSync(join(root, 'deploy/grafana/dashboards/line.json'), 'utf8').match(/klavze_\w+/g) ?? [];
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((name) => !klavzeMetrics().some((metric) => metric.name === name))).toEqual([]);
  });

  it('goes to the Alertmanager of the stack, which tells whoever is filled in', () => {
    const { alerting } = parse(readFileSync(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8')) as {
      alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
    };
    expect(alerting.alertmanagers[0]?.static_configs[0]?.targets).toEqual(['alertmanager:9093']);
    const text = readFileSync(join(root, 'deploy/alertmanager/alertmanager.yml'), 'utf8');
    interface Telling {
      readonly global: Readonly<Record<string, string>>;
      readonly route: { readonly receiver: string };
      readonly receivers: readonly { readonly name: string; readonly email_configs?: readonly { readonly to: string }[] }[];
    }
    const asItStands = parse(text) as Telling;
    expect(asItStands.receivers).toEqual([{ name: asItStands.route.receiver }]);
    const filledIn = parse(text.replace(/^#(?= )(?! [A-Z`])/gm, '')) as Telling;
    expect(filledIn.receivers[0]?.email_configs).toEqual([{ to: expect.stringContaining('@'), send_resolved: true }]);
    // Where the compose file mounts the folder.
    expect(filledIn.global['smtp_auth_password_file']).toBe('/etc/alertmanager/smtp-password');
    expect(readFileSync(join(root, 'docker-compose.fiware.yml'), 'utf8')).toContain('- ./deploy/alertmanager:/etc/alertmanager:ro');
  });

  it.each(['docs/operate.md', 'docs/operate.sl.md'])('%s brings them into the Prometheus of Debian', (page) => {
    if (!hasPromtool) return;
    const folder = mkdtempSync(join(tmpdir(), 'klavze-prometheus-'));
    try {
      writeFileSync(
        join(folder, 'prometheus.yml'),
        'rule_files:\n  # - "first_rules.yml"\n\nscrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: [localhost:9100]\n',
      );
      const text = readFileSync(join(root, page), 'utf8');
      const [, lines = ''] = /^(cp deploy\/prometheus[^]*?)systemctl restart prometheus/m.exec(text) ?? [];
      const { status } = spawnSync('sh', ['-ec', lines.replace(/\/etc\/prometheus\/(?=[\w-]+\.yml)/g, `${folder}/`)], { cwd: root });
      expect(status).toBe(0);
      const { stdout } = spawnSync('promtool', ['check', 'config', join(folder, 'prometheus.yml')], { encoding: 'utf8' });
      expect(stdout).toMatch(new RegExp(`1 rule files found[^]*SUCCESS: ${rules.length} rules found`));
      const { scrape_configs: jobs } = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8')) as {
        scrape_configs: { job_name: string }[];
      };
      expect(jobs.map(({ job_name: name }) => name)).toEqual(['node', 'klavze']);
      expect(readFileSync(join(folder, 'alertmanager.yml'), 'utf8')).toContain('smtp_auth_password_file: /etc/prometheus/smtp-password');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has an alert in the tests of the rules for each rule', () => {
    const tests = readFileSync(join(root, 'deploy/prometheus/alerts.test.yml'), 'utf8');
    expect(rules.map(({ alert }) => alert).filter((alert) => !tests.includes(alert))).toEqual([]);
  });
});
