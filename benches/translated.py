"""Thirty published detections of Endpoint.Processes, by their file's name, and what each asks of a process.

Written once, read as SQL and as Sigma. `*` stands for any text, case does not count.
"""

import json

# Where Windows events, as `evtx_dump` writes them, have the fields of the data model: Sysmon's process creation, and event 4688.
DATA = "Event.EventData."
SIGMA = {
    "process": [f"{DATA}CommandLine"],
    "process_name": [f"{DATA}Image", f"{DATA}NewProcessName"],
    "parent_process_name": [f"{DATA}ParentImage", f"{DATA}ParentProcessName"],
    "original_file_name": [f"{DATA}OriginalFileName"],
}


class Ask:
    """A condition; `&` and `|` put two together."""

    def __init__(self, kind, *parts):
        self.kind, self.parts = kind, parts

    def __and__(self, other):
        return Ask("and", self, other)

    def __or__(self, other):
        return Ask("or", self, other)

    def sql(self):
        if self.kind != "like":
            return "(" + f" {self.kind.upper()} ".join(part.sql() for part in self.parts) + ")"
        field, pattern = self.parts
        text = pattern.replace("'", "''")
        if "*" not in text:
            return f"lower({field}) = '{text.lower()}'"
        escaped = text.replace("_", "!_").replace("*", "%")
        return f"{field} ILIKE '{escaped}'" + (" ESCAPE '!'" if "!" in escaped else "")

    def sigma(self, selections):
        """A Sigma condition; the selections it names are added."""
        if self.kind != "like":
            return "(" + f" {self.kind} ".join(part.sigma(selections) for part in self.parts) + ")"
        field, pattern = self.parts
        text = pattern.strip("*").replace("\\", "\\\\")
        is_name = field.endswith("process_name")
        if is_name and pattern.startswith("*"):
            key, text = "|re", f"(?i){text}[^\\\\]*$"
        elif is_name:
            key, text = "|endswith", "\\\\" + text
        else:
            key = {(True, True): "|contains", (True, False): "|endswith", (False, True): "|startswith", (False, False): ""}[
                (pattern.startswith("*"), pattern.endswith("*"))]
        name = f"s{len(selections)}"
        # Maps of a list are alternatives.
        selections[name] = [{source + key: text} for source in SIGMA[field]]
        return name


def like(pattern, of="process"):
    return Ask("like", of, pattern)


def exe(name, original=None):
    return like(name, "process_name") | like(original or name, "original_file_name")


def has(*parts):
    return Ask("and", *(like(f"*{part}*") for part in parts))


def any_of(*patterns, of="process"):
    return Ask("or", *(like(pattern, of) for pattern in patterns))


NET = exe("net.exe") | exe("net1.exe")
POWERSHELL = any_of("pwsh.exe", "sqlps.exe", "sqltoolsps.exe", "powershell.exe", "powershell_ise.exe", of="process_name") \
    | any_of("pwsh.dll", "powershell.exe", "powershell_ise.exe", of="original_file_name")

TRANSLATED = {
    "remote_process_instantiation_via_wmi": exe("wmic.exe") & has("/node:", "process", "call", "create"),
    "7zip_commandline_to_smb_share_path": (exe("7z.exe") | exe("7za.exe")) & any_of(r"*\C$\*", r"*\Admin$\*", r"*\IPC$\*"),
    "anomalous_usage_of_7zip": any_of("rundll32.exe", "dllhost.exe", of="parent_process_name") & like("*7z*", "process_name"),
    "any_powershell_downloadstring": POWERSHELL & has(".DownloadString"),
    "bcdedit_command_back_to_normal_mode_boot": like("bcdedit.exe", "process_name") & has("/deletevalue", "{current}", "safeboot"),
    "bits_job_persistence": exe("bitsadmin.exe") & any_of("*create*", "*addfile*", "*setnotifyflags*", "*setnotifycmdline*", "*setminretrydelay*", "*setcustomheaders*", "*resume*"),
    "certutil_exe_certificate_extraction": like("certutil.exe", "process_name") & has("-exportPFX"),
    "certutil_with_decode_argument": exe("certutil.exe") & has("decode"),
    "change_to_safe_mode_with_network_config": like("bcdedit.exe", "process_name") & has("/set", "{current}", "safeboot", "network"),
    "check_elevated_cmd_using_whoami": has("whoami", "/group", " find ", "12288"),
    "creation_of_shadow_copy": (like("vssadmin.exe", "process_name") & has("create", "shadow")) | (like("wmic.exe", "process_name") & has("shadowcopy", "create")),
    "creation_of_shadow_copy_with_wmic_and_powershell": (exe("wmic.exe") | POWERSHELL) & has("shadowcopy", "create"),
    "credential_dumping_via_copy_command_from_shadow_copy": exe("cmd.exe") & any_of(r"*\system32\config\sam*", r"*\system32\config\security*", r"*\system32\config\system*", r"*\windows\ntds\ntds.dit*"),
    "credential_dumping_via_symlink_to_shadow_copy": exe("cmd.exe") & has("mklink", "HarddiskVolumeShadowCopy"),
    "csc_net_on_the_fly_compilation": exe("csc.exe") & has("/noconfig", "/fullpaths", "@"),
    "deleting_of_net_users": NET & has("user", "/delete"),
    "windows_remote_create_service": like("sc.exe", "process_name") & has("create", "\\\\"),
    "windows_rundll32_apply_user_settings_changes": like("rundll32.exe", "process_name") & has("user32.dll,UpdatePerUserSystemParameters"),
    "windows_service_creation_on_remote_endpoint": exe("sc.exe") & has("\\\\", "create", "binpath"),
    "windows_service_initiation_on_remote_endpoint": exe("sc.exe") & has("\\\\", "start"),
    "windows_steal_authentication_certificates_export_certificate": has("export-certificate"),
    "windows_system_discovery_using_ldap_nslookup": exe("nslookup.exe") & has("_ldap._tcp.dc._msdcs"),
    "windows_system_network_connections_discovery_netsh": exe("netsh.exe") & has(" show ") & any_of("*state*", "*config*", "*wlan*", "*profile*"),
    "windows_time_based_evasion_via_choice_exec": like("choice.exe", "process_name") & has("/T", "/N"),
    "windows_wmi_process_and_service_list": exe("wmic.exe") & any_of("*process list*", "*service list*"),
    "windows_wmi_process_call_create": exe("wmic.exe") & has(" process ", " call ", " create "),
    "winhlp32_spawning_a_process": like("winhlp32.exe", "parent_process_name") & any_of(r"*\appdata\*", r"*\programdata\*", r"*\temp\*"),
    "winword_spawning_powershell": like("winword.exe", "parent_process_name") & POWERSHELL,
    "wmic_group_discovery": like("wmic.exe", "process_name") & has("group get name"),
    "xsl_script_execution_with_wmic": exe("wmic.exe") & has("os get", "/format:", ".xsl"),
}


def sigma_rule(name, ask):
    """A rule as YAML, which JSON is too."""
    detection = {}
    detection["condition"] = ask.sigma(detection)
    return json.dumps({
        "title": name,
        "status": "test",
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": detection,
        "level": "medium",
    })
