# Makes `variable`, a C string in namespace `scope`, of a text file: programs carry their recipe and template.
function(volumen_embed_text target file scope variable)
  get_filename_component(name ${file} NAME)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} VOLUMEN_TEXT)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"namespace ${scope} {
extern const char* const ${variable};
const char* const ${variable} = R\"embedded(@VOLUMEN_TEXT@)embedded\";
}
")
  target_sources(${target} PRIVATE ${source})
endfunction()
