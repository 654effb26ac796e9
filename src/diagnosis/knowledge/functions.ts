/** Functions of the kernel and C library that carry no meaning by themselves: whoever calls them does. */

const GENERIC: readonly RegExp[] = [
  /^(__|_|arch_|native_|do_|pv_)*(raw_)?(spin|read|write|queued|mutex|rwsem|down|up|rt_mutex|percpu)_?(un|try)?_?(lock|spin|read|write|rwlock|queued)/,
  /queued_(spin|read|write)_lock_slowpath|rwsem_(down|optimistic|spin)|osq_lock|mutex_spin_on_owner|lockref_/,
  /^(__)?(io_)?schedule(_timeout|_preempt_disabled|_hrtimeout(_range)?(_clock)?|_idle)?(\.|$)/,
  /^(__switch_to|finish_task_switch|prepare_to_swait|context_switch|preempt_|__cond_resched|_cond_resched|dynamic_)/,
  /^(mem(cpy|set|move|cmp)|__mem|copy_(user|to|from)|_copy_|rep_movs|clear_page|__memset|strncpy|__get_user|__put_user)/,
  /^(rcu_|__rcu|srcu_|__srcu|kvm_|xen_|pv_|hypervisor|asm_|irq_|__irq|handle_irq|sysvec|apic_|error_entry|ret_from)/,
  /^(entry_SYSCALL|do_syscall_64|x64_sys_call|syscall_|__x64_sys_|__do_sys_|__se_sys_|__arm64_sys|el0|invoke_syscall)/,
  /^(futex_wait(_queue)?(_me)?|do_futex|hrtimer_nanosleep|do_nanosleep|wait_woken|bit_wait|out_of_line_wait|wait_on_bit|__wait_on)/,
  /^(native_safe_halt|acpi_|cpuidle|default_idle|do_idle|cpu_startup_entry|secondary_startup|start_secondary|intel_idle|mwait)/,
  /^(_start|__libc_start|start_thread|clone3?|__clone|main|syscall|\[unknown\]|\[.*\]|0x[0-9a-f]+)$/,
]

/** Whether a function only carries out what its caller wants, like a lock, a copy or the scheduler. */
export const isGeneric = (name: string): boolean =>
  GENERIC.some((pattern) => pattern.test(functionName(name)))

/** Name without module, offset or compiler suffix: `foo.isra.0+0x10` is `foo`. */
export const functionName = (frame: string): string =>
  frame
    .replace(/\+0x[0-9a-f]+.*$/, '')
    .replace(/\.(isra|part|constprop|cold|llvm)\..*$/, '')
    .replace(/_\[k\]$/, '')

/** Whether the frame means waiting for a lock that somebody holds. */
export const isLockWait = (name: string): boolean =>
  /lock_slowpath|rwsem_down|mutex_lock|osq_lock|futex_wait|rt_mutex|spin_on_owner/.test(name)

/** Frames of the kernel's idle loop, in which no process is. */
export const isIdle = (name: string): boolean =>
  /^(native_safe_halt|pv_native_safe_halt|default_idle|do_idle|cpuidle_|acpi_idle|intel_idle|mwait_idle|arch_cpu_idle)/.test(
    name,
  )

/** The pattern of the entry point of a system call in kernel stacks. */
export const entryOf = (call: string): RegExp =>
  new RegExp(`^(__x64_|__ia32_|__arm64_|__do_|__se_)?(sys_)${call}$`)
