/** Functions of the kernel and C library that carry no meaning by themselves: whoever calls them does. */

const GENERIC: readonly RegExp[] = [
  /^(__|_|arch_|native_|do_|pv_)*(raw_)?(spin|read|write|queued|mutex|rwsem|down|up|rt_mutex|percpu)_?(un|try)?_?(lock|spin|read|write|rwlock|queued)/,
  /queued_(spin|read|write)_lock_slowpath|rwsem_(down|optimistic|spin)|osq_lock|mutex_spin_on_owner|lockref_/,
  /^(__)?(io_)?schedule(_timeout|_preempt_disabled|_hrtimeout(_range)?(_clock)?|_idle)?(\.|$)/,
  /^(__switch_to|finish_task_switch|prepare_to_swait|context_switch|preempt_|__cond_resched|_cond_resched|dynamic_)/,
  /^(mem(cpy|set|move|cmp)|__mem|copy_(user|to|from)|_copy_|rep_movs|clear_page|__memset|strncpy|__get_user|__put_user)/,
  /^(rcu_|__rcu|srcu_|__srcu|kvm_|xen_|pv_|hypervisor|asm_|irq_|__irq|handle_irq|sysvec|apic_|error_entry|ret_from)/,
  /^(entry_SYSCALL|do_syscall_64|x64_sys_call|syscall_|__x64_sys_|__do_sys_|__se_sys_|__arm64_sys|el0|invoke_syscall)/,
  /^((__)?futex_wait(_queue)?(_me)?|futex_do_wait|do_futex|hrtimer_nanosleep|do_nanosleep|wait_woken|bit_wait|out_of_line_wait|wait_on_bit|__wait_on)/,
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
    .replace(/\.(isra|part|constprop|cold|llvm)(\..*)?$/, '')
    .replace(/_\[k\]$/, '')

/** Whether the frame means waiting for a lock that somebody holds. */
export const isLockWait = (name: string): boolean =>
  /lock_slowpath|rwsem_down|mutex_lock|osq_lock|futex_(do_)?wait|rt_mutex|spin_on_owner/.test(name)

/** Frames of the kernel's idle loop, in which no process is. */
export const isIdle = (name: string): boolean =>
  /^(native_safe_halt|pv_native_safe_halt|default_idle|do_idle|cpuidle_|acpi_idle|intel_idle|mwait_idle|arch_cpu_idle)/.test(
    name,
  )

/** The pattern of the entry point of a system call in kernel stacks. */
export const entryOf = (call: string): RegExp =>
  new RegExp(`^(__x64_|__ia32_|__arm64_|__do_|__se_)?(sys_)${call}$`)

/** Functions that report, check or raise the exception itself: they stand above whoever did it. */
const REPORTING: readonly RegExp[] = [
  /^_*(dump_stack|show_stack|show_regs|print_|report_|warn_|kasan|kmsan|kcsan|kfence|ubsan|asan_|hwasan|tsan_|msan_)/,
  /^_*(die|oops_|page_fault|no_context|bad_area|exc_|do_error_trap|do_trap|handle_bug|fixup_|invalid_op|stack_segment)/,
  /^_*(page_fault_oops|(async_)?page_fault|do_user_addr_fault|do_kern_addr_fault|general_protection|divide_error|ud2)/,
  /^_*(panic|nmi_panic|nmi_|nmi$|end_repeat_nmi|trigger_|arch_trigger_|sysrq_|handle_sysrq|write_sysrq_trigger|emergency_restart)/,
  /^_*(watchdog|softlockup|hardlockup|hung_task|check_hung|lockup|crash_|kdump_|stack_chk_fail|sched_show_task)/,
  /^_*(schedule_bug|schedule_debug|might_sleep|might_resched|might_fault|cant_sleep|do_task_dead|bad_page|free_page_is_bad|free_pages_prepare|check_new_page)/,
  /^_*(lock_acquire|lock_release|lock_is_held|lockdep|check_prev|check_noncircular|validate_chain|mark_lock|mark_usage|lock_downgrade)/,
  /^_*(refcount_|list_(add|del)|list_del_entry|debug_(object|check|print)|object_(err|is_on_stack)|usercopy_abort|check_object_size|check_heap_object|fortify_panic)/,
  /^_*(hrtimer_(interrupt|run_queues)|local_apic_timer|tick_(sched|nohz|handle)|update_process_times|scheduler_tick|smp_apic|reschedule)/,
  /^_*(mutex_(un)?lock|down_(read|write)|up_(read|write)|rwsem_|ww_mutex|raw_spin_|spin_(un)?lock|rt_(mutex|spin)|percpu_(down|up))/,
  /^_*(wait_for_(common|completion)|wait_event|do_wait_for|prepare_to_wait|io_schedule|bit_wait|wait_on|folio_wait|rwbase)/,
  /^_*(csum_partial|crc32|strlen|strcmp|strscpy|strcpy|kfree|kmem_cache|slab_|cache_free|vmalloc|kmalloc|get_signal|delay_|udelay|const_udelay|cpu_relax|rep_nop)/,
  /^(el[01]|bad_mode|do_mem_abort|do_sp_pc|do_el|do_serror|do_undefinstr|do_page_fault|do_translation_fault|do_bad_area|die_kernel_fault|brk_handler|call_break_hook|do_debug_exception|bug_handler)/,
  /^(smp_call_function|on_each_cpu|generic_exec_single|csd_lock_wait|flush_smp|touch_nmi|ret_from_fork|kthread$|worker_thread|process_one_work|__do_softirq|do_softirq|handle_softirqs|invoke_softirq)/,
]

/** Whether a function is only the messenger of a report: a lock, a copy, an allocator, or what prints and checks. */
export const isMessenger = (name: string): boolean =>
  isGeneric(name) || REPORTING.some((pattern) => pattern.test(functionName(name)))
