import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const repository = join(import.meta.dirname, '../..')
// A cold start takes about 15 s alone on two cores, and several times that beside other work.
const startMs = 180_000
const memoryMiB = 1536

/** A virtual machine that runs the scripts put into its control folder; guest-init is its other half. */
export interface Machine {
  readonly control: string
  stop(): Promise<void>
}

export async function startMachine(image: string): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'zpipes-openzfs-'))
  const control = join(folder, 'control')
  mkdirSync(control)
  const qemu = spawn('qemu-system-x86_64', qemuOptions(image, control), {
    stdio: ['ignore', openSync(join(folder, 'console'), 'w'), 'inherit'],
  })
  for (const deadline = Date.now() + startMs; !existsSync(join(control, 'ready')); await sleep(100)) {
    if (qemu.exitCode === null && qemu.signalCode === null && Date.now() < deadline) continue
    qemu.kill('SIGKILL')
    throw new Error(`the guest did not start: ${readFileSync(join(folder, 'console'), 'utf8').slice(-2000)}`)
  }
  return { control, stop: () => stop(qemu, folder, control) }
}

async function stop(qemu: ChildProcess, folder: string, control: string): Promise<void> {
  writeFileSync(join(control, 'stop'), '')
  const timer = setTimeout(() => qemu.kill('SIGKILL'), 15_000)
  if (qemu.exitCode === null && qemu.signalCode === null) await once(qemu, 'exit')
  clearTimeout(timer)
  rmSync(folder, { recursive: true, force: true })
}

function qemuOptions(image: string, control: string): string[] {
  const kernelOptions =
    'console=ttyS0 panic=-1 quiet mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on'
  const share = (tag: string, path: string, more: string) => [
    ...['-fsdev', `local,id=${tag},path=${path},security_model=none,multidevs=remap${more}`],
    ...['-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ]
  return [
    // Nehalem starts twice as fast as the default, having fewer features to emulate.
    ...['-M', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'Nehalem', '-m', String(memoryMiB)],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', join(image, 'vmlinux'), '-initrd', join(image, 'initrd'), '-append', kernelOptions],
    ...['-drive', `file=${join(image, 'root.squashfs')},if=virtio,format=raw,readonly=on`],
    ...['-device', 'virtio-rng-pci'],
    ...share('control', control, ''),
    ...share('host', repository, ',readonly=on'),
  ]
}
